"""Gongji (共济): family mutual aid from employee medical-insurance accounts."""
