"""What the screens are made of, without a screen: clean text, figures, bars."""
