"""What a saga's table is written in: steps, what they react to, what they do, ask for and tell."""
