"""Which item of a statement fills which parameter, and with what value."""
