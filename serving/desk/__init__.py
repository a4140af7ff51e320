"""Answers for a retention desk: known members, posted lines, what-ifs, the champion that forecasts."""
