"""Letters: from the procedure's text and a case to HTML, PDF and mail. Knows no table; plain values come in."""
