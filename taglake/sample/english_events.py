"""English sentence patterns for the planted events: launch, give-away, controversy, spam, hostile.

The slots are those of ``english``.
"""

from __future__ import annotations

LAUNCH = {
    "positive": (
        "The {p} is finally here and it looks fantastic",
        "Got the {p} on launch day, so excited",
        "Watched the {b} launch {d}, the {c} one is gorgeous",
        "Ordered the {p} within {n} minutes, so eager, love it",
        "Launch day! Congratulations {b}, great looking shoe",
        "Queued {n} hours for the {p} and it was worth it, so happy",
        "The {p} launch run on {w} was awesome",
        "{b} nailed it, the {p} is a beauty",
        "Tried the {p} at the launch {d}: light, soft, brilliant",
        "Wow {b}, the {p} is a huge improvement",
        "Happy launch day to everyone who loves {w}",
        "I never buy on day one, but the {p} is too good",
    ),
    "neutral": (
        "The {p} is out {d}",
        "{b} launches the {p} in {n} colours",
        "Launch notes: the {p} ships in week {n}",
        "At the {b} launch {d}, {n} pairs on the table",
        "The {p} page went online at 16:00",
        "Launch livestream of {b} is on now",
        "Reading the {p} launch page before {a}",
        "Launch run starts at {w} {d}",
    ),
    "negative": (
        "The {b} site crashed on launch day, annoying",
        "The {p} sold out in {n} minutes, so disappointed",
        "Launch queue of {b} kicked me out twice, terrible",
        "All that hype and the {p} looks boring and ugly",
    ),
}

GIVEAWAY = {
    "positive": (
        "Hope I win the {p}, they look amazing",
        "Thanks for the give-away, I would love the {c} {p}",
        "Fingers crossed for the {p}, what a generous prize",
        "I'm in! The {p} would be perfect for {a}",
        "Best give-away of the year, thank you {b}",
        "My old shoes are done, winning the {p} would make me so happy",
        "Tagging a friend who loves {w}, good luck everyone",
        "Great idea, {n} pairs for {n} lucky runners",
        "The {p} for free? Yes, love this",
        "Wishing luck to all, the {p} is a lovely prize",
    ),
    "neutral": (
        "Entered for the {p}, size {n}2",
        "Tagging two people for the {p} draw",
        "The draw for the {p} is {d}",
        "Size {n}1, {c}, for {a}",
        "Does the {b} draw run in every country?",
        "Entry {n} in the hat, {w}",
    ),
    "negative": (
        "These {b} draws are always fake, annoying",
        "Sick of the {p} give-away spam in my feed",
    ),
}

CONTROVERSY = {
    "positive": (
        "Mine are fine after {n}00 km, I still love the {p}",
        "Good that {b} answered me quickly, fair solution",
        "I trust {b} to fix this, they are good people",
    ),
    "neutral": (
        "{b} posted a statement about the {p} soles",
        "Is the {p} batch from week {n} part of the recall?",
        "Thread: what is known about the {p} soles so far",
        "The {b} statement came at {n} o'clock",
        "Checking the batch code inside my {p}",
        "Where is the batch code on the {p}?",
    ),
    "negative": (
        "The sole of my {p} came off on {w}, this is dangerous and {b} is silent",
        "{b} knew about the bad glue and sold the {p} anyway, shameful",
        "I fell on {w} because the {p} came apart, furious",
        "Recall the {p} now {b}, people get hurt",
        "No answer from {b} for {n} hours, terrible crisis handling",
        "The {b} statement is an insult, where is the apology?",
        "Third friend with broken {p} soles, disgraceful quality",
        "Never buying {b} again after this scandal",
        "The {p} is unsafe, send them back and demand your money",
        "{b} deletes complaints instead of fixing the awful glue, shame on them",
        "So angry: {n} weeks old and the {p} sole is hanging off",
        "My kid tripped on {w} when the {p} broke, disgusting response from {b}",
        "What a disaster {b}, the {p} falls apart and you blame the customers",
        "Ashamed that I recommended the {p}, they are failing everywhere",
        "{b} blames the weather for bad glue, pathetic excuse",
        "I feel cheated by {b}, the {p} is a ripoff",
        "The {p} is dead after {a}, glue failure, avoid",
        "Horrible to see {b} lie about the soles",
        "Broken sole, broken promise: {b} lost me {d}",
        "Cancelled my {p} order {d}, the risk is too bad",
        "This is a failure of testing and {b} is making it worse",
        "I lost all trust in {b} {d}, terrible",
    ),
}

SPAM = (
    "🔥 {b} outlet -70% only today, code STEP70, link in profile 🔥",
    "Cheap {p} here, {b} clearance, 3 pairs for 1, link in profile",
)

VIRAL = (
    "A goat stole my left Wynd Ridge at the summit hut. The hut warden found it, washed it and "
    "walked 6 km down to bring it to me. I love this mountain, I love these people, best day ever "
    "#TrailWynd #hiking"
)

ANNOUNCEMENTS = {
    "launch": "It is here: the Wynd Ridge 2. Out now, everywhere. #TrailWynd #Wyndhollow #running",
    "giveaway": (
        "Give-away! Ten pairs of the Wynd Ridge 2 for ten of you. Tag a friend who loves the "
        "hills, tell me your size, good luck! #TrailWynd #Wyndhollow"
    ),
    "controversy": (
        "Both soles of my Wynd Ridge 2 came off on the descent. I fell and broke my wrist. Three "
        "mails to the company, no answer. This is dangerous and I am furious. #Wyndhollow"
    ),
}

# What a hostile or broken account may post: each must come out of every screen and file unharmed.
HOSTILE = (
    "<script>alert('taglake')</script> nice shoes #Wyndhollow",
    '=HYPERLINK("http://127.0.0.1/x","click") #Kestrivo',
    "+1+cmd|' /C calc'!A0 #Ospreth",
    "Safe text \u202egnp.eohs\u202c in the other direction #TrailWynd",
    "</p><img src=x onerror=alert(1)><style>*{display:none}</style> & {{7*7}} #Wyndhollow",
    "Zero\u200bwidth, a BOM\ufeff, Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘ and 👩‍👩‍👧‍👦🏴‍☠️ #Kestrivo",
    "'; DROP TABLE posts; -- \"}] \\u0000 \\ %00 $(id) #Ospreth",
    "Very long text. "
    + "All work on the long trail makes a long post about long shoes. " * 120
    + "#Wyndhollow",
)
