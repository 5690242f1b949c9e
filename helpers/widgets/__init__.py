"""Figures that answer the hand: with a kernel behind them, and without one on the page."""
