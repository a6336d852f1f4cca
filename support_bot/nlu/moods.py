"""What moods sound like: prototype sentences for the encoder, and words for when there is none.

Written for this package, from what customers write to shops; none is taken from a test set.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..types import Emotion

PROTOTYPES: Final[Mapping[str, Mapping[Emotion, tuple[str, ...]]]] = {
    "en": {
        "anger": (
            "This is unacceptable, I am furious with you.",
            "What a terrible service, you people are useless.",
            "I am sick and tired of your excuses!",
            "You messed up my order again, this is ridiculous.",
            "I will never shop here again, what a scam.",
            "Nobody answers me, I am really annoyed.",
            "I waited for nothing, you wasted my whole day.",
        ),
        "worry": (
            "I am worried that something went wrong with my order.",
            "I'm afraid my card details were stolen.",
            "I am nervous because I have not heard anything yet.",
            "Is it safe? I'm concerned about this.",
            "I'm a bit anxious that it won't turn up at all.",
        ),
        "thanks": (
            "Thank you so much for your help!",
            "Great, that solved it, much appreciated.",
            "You have been very kind, thanks a lot.",
            "Perfect, I love your service.",
            "I'm so happy, everything arrived early and fresh.",
        ),
        "urgency": (
            "This is urgent, I need an answer right now.",
            "Please hurry, I need it today.",
            "I have to have it before tonight, it can't wait.",
            "Quick, it's an emergency, as soon as possible please.",
            "It has to arrive within an hour, the guests are coming.",
        ),
        "neutral": (
            "How can I return an item?",
            "Where is my order?",
            "What are your opening hours?",
            "I would like to change my address.",
            "Do you accept credit cards?",
            "When will my package be delivered?",
            "I have a question about my account.",
            "Does it contain milk, and how much is it?",
            "I want to buy the same again.",
            "Yes, the second one.",
        ),
    },
    "zh": {
        "anger": (
            "太过分了，我非常生气！",
            "你们的服务真差劲，简直是垃圾。",
            "受够你们的借口了！",
            "又发错货，你们到底会不会做事？",
            "再也不来你们家买了，骗子。",
            "一直没人理我，真让人火大。",
            "白等了一整天，拿我开玩笑吗。",
        ),
        "worry": (
            "我很担心订单出了问题。",
            "我怕银行卡信息被盗了。",
            "一直没有消息，我有点不安。",
            "这样安全吗？我不太放心。",
            "心里没底，怕是收不到了。",
        ),
        "thanks": (
            "非常感谢您的帮助！",
            "太好了，问题解决了，谢谢。",
            "你们真贴心，辛苦了。",
            "服务很棒，我很满意。",
            "没想到这么快就到了，真开心。",
        ),
        "urgency": (
            "很急，请马上回复我。",
            "请快一点，我今天就要用。",
            "今晚之前必须收到，等不了了。",
            "十万火急，麻烦尽快处理。",
            "一个小时之内必须送到，客人快来了。",
        ),
        "neutral": (
            "怎么退货？",
            "我的订单在哪里？",
            "几点开门？",
            "我想修改收货地址。",
            "可以用信用卡付款吗？",
            "什么时候送到？",
            "想问一下我的账户。",
            "里面含牛奶吗，多少钱？",
            "我想再买一次同样的。",
            "对，第二个。",
        ),
    },
}

# Regular expressions, without regard to case; one match is one sign of the mood.
WORDS: Final[Mapping[Emotion, tuple[str, ...]]] = {
    "anger": (
        r"\b(?:angry|furious|outrag\w+|disgust\w+|unacceptable|ridiculous|pathetic|useless)\b",
        r"\b(?:incompetent|appalling)\b",
        r"\b(?:terrible|horrible|awful|worst|shameful|disgrace\w*|joke|scam\w*|liars?|lying|thieves)\b",
        r"\b(?:rip-?off)\b",
        r"\b(?:annoy\w+|fed up|sick (?:and tired )?of|had enough|enough is enough|how dare)\b",
        r"\b(?:never again|unbelievable|kidding|crooks|wtf|damn|hell)\b",
        r"\b(?:stupid|idiots?|bullshit|crap|suck\w*|rubbish|garbage service)\b",
        r"\b(?:wast(?:e|ed|ing) (?:of|my)|lawyer|sue)\b",
        r"生气|愤怒|气死|火大|恼火|过分|差劲|垃圾|骗子|欺骗|无语|受够|忍无可忍|烂透|太烂",
        r"什么破|投诉你|不要脸|混蛋|恶心|离谱|坑人",
        r"到底(?:想|会|能|什么|有没有|管不管|怎么)|敷衍|推卸|耍我|再也不(?:来|买|会)|什么态度",
        r"气人|太黑|骗钱|骗人|彻底失望|太失望|给我一个(?:交代|说法)|逗我|岂有此理|消费者协会",
        r"12315",
    ),
    "worry": (
        r"\b(?:worr\w+|afraid|anxious|nervous|concerned|scared|fear(?:ful|ing)?|uneasy|stress\w*)\b",
        r"\b(?:panic\w*)\b",
        r"\b(?:what if|hope (?:it|nothing|my|that)|not sure (?:if|whether)|is it (?:really )?safe)\b",
        r"\b(?:stolen|hacked|lost my)\b",
        r"担心|害怕|不安|焦虑|紧张|不放心|心里没底|怕(?!热|冷|光)|会不会(?:丢|出|有事|是骗|泄)",
        r"忐忑|慌|安不安全|万一|发愁|提心吊胆",
    ),
    "thanks": (
        r"\b(?:thank\w*|thx|cheers|appreciat\w+|grateful|much obliged|kind of you|lovely|awesome)\b",
        r"\b(?:amazing|brilliant)\b",
        r"\b(?:so happy|delighted|(?:great|good|nice) (?:job|help|service|work)|perfect|well done)\b",
        r"\b(?:love (?:it|your|this)|you(?:'re| are) the best|helpful)\b",
        r"谢谢|感谢|多谢|谢啦|谢了|感激|辛苦了|给力|太好了|太棒|真棒|点赞|满意|贴心",
        r"帮了(?:我)?大忙|好评|爱你们",
    ),
    "urgency": (
        r"\b(?:urgent\w*|asap|immediately|emergency|hurry|right (?:now|away)|at once|quick(?:ly)?)\b",
        r"\b(?:can(?:'t|not) wait)\b",
        r"\b(?:as soon as possible|need (?:it|this|them|an? \w+) (?:today|now|tonight|by|before))\b",
        r"\b(?:running out of time)\b",
        r"\b(?:deadline|time[- ]critical|within the (?:hour|next))\b",
        r"\b(?:before (?:tonight|noon|\d+ ?[ap]\.?m)|in an hour)\b",
        r"紧急|急用|很急|着急|急需|急死|加急|十万火急|马上|立刻|立即|赶紧|赶快|尽快|快点",
        r"快一点|快快|必须(?:在|今|明|马)|之内必须|前必须|来不及|等不及|等不了|火速|速回",
    ),
}
