"""How a run uses the machine: device, precision, compiler, memory."""
