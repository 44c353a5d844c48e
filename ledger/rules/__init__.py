"""decide, one file an area: for each command its guards, in the order of Reason, and the facts it causes.

Version "0" of the rules: identity, shape, arithmetic, currency, uniqueness, order of baselines and stages, sums of
shares and weights. What money rules find is flagged, since no guardrails policy can be adopted yet.
"""
