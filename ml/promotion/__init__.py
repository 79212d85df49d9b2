"""Which registered version answers: the gates that a challenger must pass, the evidence they judge, and the decision.

What is measured comes from `ml.intent.evaluation`; what is registered, from `ml.registry`. Nothing here fits a model.
"""
