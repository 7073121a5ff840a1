"""The period close: periods, gates, breaks, frozen figures and the evidence for them; not how the figures are made."""
