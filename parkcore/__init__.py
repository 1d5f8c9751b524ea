"""How full is the car park? Photos in, vehicles, occupancy and their history out.

Import from the module of the noun: `parkcore.detect.YoloDetector`, `parkcore.store.Store`,
`parkcore.ingest.Analyser`; the README shows a whole example.
"""

__version__ = "0.1.0"
