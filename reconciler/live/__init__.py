"""What the API says, and what it is told: calls with deadlines, kinds' routes, one read per URL."""
