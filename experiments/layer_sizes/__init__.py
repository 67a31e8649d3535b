"""How wide and how deep: what do larger layers bring, for equal steps and for equal time?"""
