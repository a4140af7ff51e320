"""Who is moved by an action, not who is likely to leave: learnt from randomised campaigns, tried on members held out."""
