"""What every room speaks of: messages, time, findings and errors. Imports nothing else of ours."""
