"""FHIR R4 as a walk over plain JSON: what of a resource is a patient, a visit or a score."""

from __future__ import annotations
