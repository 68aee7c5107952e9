"""What flows through a net when it is given one sample: numbers, pictures, and the page that shows them."""
