"""The wallet (医保钱包): money sent to a relative in any place where the wallet is open, theirs once they accept it.

What is sent is set aside at the sender; what was not accepted by the next morning goes back by itself.
"""
