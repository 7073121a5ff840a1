"""Inputs that are no contract events, such as exchange rates."""
