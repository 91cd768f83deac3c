"""Example staff and cases for `make run`: invented people and complaints, through the real actions."""
