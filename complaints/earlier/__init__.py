"""The register that an organisation kept before Gehoor: the columns of a file with it, reading it, judging its rows."""
