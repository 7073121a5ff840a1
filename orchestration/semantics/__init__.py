"""What figures mean: the KPI register, and the guard that keeps a mart from changing its meaning unseen."""
