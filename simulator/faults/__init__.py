"""What goes wrong on purpose in a run: which faults are wanted, who is hit, and the truth about each."""
