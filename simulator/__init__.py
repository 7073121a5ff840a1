"""A CPQ/OMS that emits contract events at any volume, from a seed."""
