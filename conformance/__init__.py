"""What is known of the two backends' agreement: the checks, and the page that publishes what they find."""
