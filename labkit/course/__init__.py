"""The teaching side: questions and tasks that check themselves and say why an answer is wrong."""
