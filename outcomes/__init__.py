"""Patient-reported outcomes by session cadence, for clinics that treat neck pain and headache."""

__version__ = "0.1.0"
