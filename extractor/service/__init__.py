"""What both servers show to those who run them: whether they work, what they did, and the number of each request."""
