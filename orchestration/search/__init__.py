"""Search over documents of quotes and orders: indexes beside each other, and an alias that readers follow."""
