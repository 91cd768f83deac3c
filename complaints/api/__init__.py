"""What other systems may ask and do: read the register, file a complaint, know what the form asks."""
