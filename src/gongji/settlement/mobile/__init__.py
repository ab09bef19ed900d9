"""Orders of mobile payment (6201 to 6401): uploaded, settled at the desk like a 2207, refunded, told to the hospital."""
