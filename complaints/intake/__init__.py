"""The public side: the page of a procedure, the form, the receipt."""
