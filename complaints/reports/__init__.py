"""The yearly report: what may be shown of the figures, in words, as pictures, on paper and as a spreadsheet."""
