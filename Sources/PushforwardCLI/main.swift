print("pushforward")
