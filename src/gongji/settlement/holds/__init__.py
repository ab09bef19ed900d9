"""Holds at the desk: money set aside for a deposit, a wallet quota, a transfer or a premium; taken, given back, expired.

Other rooms use three commands (`PlaceHold`, `CaptureHold`, `ReleaseHold`) through `Desk.hold`, and `queries` to look holds up
(and nothing else); `expire_holds` runs by itself.
"""
