"""The staff side, inside Django's admin site."""
