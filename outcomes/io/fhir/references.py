"""What references between resources point to: by address, by id, by identifier, or contained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from outcomes.io.fhir.elements import Resource, part, parts, text

Key = tuple[str, str]
"""Type and id of a resource."""
NOWHERE: Key = ("", "")


@dataclass
class Addresses:
    """Where the resources of all files are, by the ways there are to point to them.

    Parameters
    ----------
    full_urls : dict
        Key by file and the address that entries of its Bundle use.
    identifiers : dict
        Key by type, system and value of an identifier. Identifiers may be national numbers: they
        serve to find a resource here and are never written.
    names : dict
        Names of organisations and places by key.
    replaced : dict
        Key of the record that took the place of another.
    """

    full_urls: dict[tuple[str, str], Key] = field(default_factory=dict)
    identifiers: dict[tuple[str, str, str], Key] = field(default_factory=dict)
    names: dict[Key, str] = field(default_factory=dict)
    replaced: dict[Key, tuple[str, Resource]] = field(default_factory=dict)

    def enter(self, file: str, key: Key, full_url: str, resource: Resource) -> None:
        """Take note of a resource.

        Parameters
        ----------
        file : str
            Name of its file.
        key : tuple of str
            Its type and id.
        full_url : str
            Its address in a Bundle; may be empty.
        resource : dict
            The resource.
        """
        if full_url:
            self.full_urls[file, full_url] = key
        for each in parts(resource.get("identifier")):
            if text(each.get("value")):
                self.identifiers[key[0], text(each.get("system")), text(each.get("value"))] = key

    def find(self, file: str, reference: Any, kind: str) -> Key:
        """Find what a reference points to.

        Parameters
        ----------
        file : str
            Name of the file it stands in.
        reference : Any
            The reference.
        kind : str
            Type of resource that is meant where the reference does not say.

        Returns
        -------
        tuple of str
            Type and id; both empty where it can't be found. An identifier that nothing here has
            stands for itself, but never for a patient.
        """
        key = self._locate(file, reference, kind)
        seen = {key}
        while key in self.replaced:
            # records that took the place of others, though never in a circle
            key = self._locate(*self.replaced[key], key[0])
            if key in seen:
                return NOWHERE
            seen.add(key)
        return key

    def _locate(self, file: str, reference: Any, kind: str) -> Key:
        given = part(reference)
        address = text(given.get("reference"))
        if address.startswith("#"):
            return NOWHERE
        if not address:
            identifier = part(given.get("identifier"))
            value = text(identifier.get("value"))
            named = text(given.get("type")) or kind
            return self._identified(named, text(identifier.get("system")), value)
        if (file, address) in self.full_urls:
            return self.full_urls[file, address]
        if "?identifier=" in address:
            named, _, query = address.partition("?identifier=")
            system, _, value = unquote(query.partition("&")[0]).rpartition("|")
            return self._identified(named.rpartition("/")[2] or kind, system, value)
        if address.startswith("urn:"):
            return kind, address.rpartition(":")[2]
        path = address.partition("/_history/")[0].partition("?")[0].rstrip("/").split("/")
        if len(path) < 2 or not path[-2]:
            return kind, path[-1]
        return path[-2], path[-1]

    def _identified(self, kind: str, system: str, value: str) -> Key:
        if not value:
            return NOWHERE
        key = self.identifiers.get((kind, system, value))
        if key is not None:
            return key
        return NOWHERE if kind == "Patient" else (kind, value)

    def contained(self, file: str, reference: Any, resource: Resource, kind: str) -> Key:
        """Find what a reference points to, which may be contained in the resource itself.

        Parameters
        ----------
        file, reference, kind
            As for `find`.
        resource : dict
            The resource that the reference stands in.

        Returns
        -------
        tuple of str
            As for `find`; what is contained has no id of its own and is found by its identifier.
        """
        address = text(part(reference).get("reference"))
        if not address.startswith("#"):
            return self.find(file, reference, kind)
        within = contained_resource(resource, address)
        for each in parts(within.get("identifier")):
            key = self._identified(
                text(within.get("resourceType")), text(each.get("system")), text(each.get("value"))
            )
            if key != NOWHERE:
                return key
        return NOWHERE

    def name(self, key: Key, reference: Any) -> str:
        """Name an organisation or a place.

        Parameters
        ----------
        key : tuple of str
            What the reference points to.
        reference : Any
            The reference.

        Returns
        -------
        str
            Its own name, else what the reference shows, else its id.
        """
        return self.names.get(key) or text(part(reference).get("display")) or key[1]


def contained_resource(resource: Resource, address: str) -> Resource:
    """Take a resource out of the one it is contained in.

    Parameters
    ----------
    resource : dict
        The resource that holds it.
    address : str
        Such as ``#p1``.

    Returns
    -------
    dict
        The resource; empty where it is not there.
    """
    for each in parts(resource.get("contained")):
        if text(each.get("id")) == address[1:] and address != "#":
            return each
    return {}
