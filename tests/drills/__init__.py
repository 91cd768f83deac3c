"""Drills: proof at full size, with real servers that are killed, that nothing is lost (G1–G4, G17). See __main__.py."""
