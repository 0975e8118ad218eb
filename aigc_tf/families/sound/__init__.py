"""Models of sound: spectrograms as pictures, and sound of them."""
