"""Sentence patterns in languages other than English; the slots are ``{b}``, ``{p}`` and ``{n}``."""

from __future__ import annotations

from collections.abc import Mapping

OTHER: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "es": {
        "positive": (
            "Me encantan las {p}, muy cómodas en la montaña",
            "{n} km con las {p} y los pies felices",
            "Gracias {b}, el mejor calzado que he tenido",
            "Qué maravilla de agarre tienen las {p}",
            "Muy contenta con mis {p}, las recomiendo",
        ),
        "neutral": (
            "¿Alguien ha probado las {p} en asfalto?",
            "Mañana salgo con las {p}, {n} km",
            "{b} abre a las {n} de la tarde",
            "Las {p} pesan {n}50 gramos en mi talla",
        ),
        "negative": (
            "Las {p} me hicieron ampollas, qué decepción",
            "Pésimo servicio de {b}, {n} semanas sin respuesta",
            "La suela de las {p} se despegó, fatal",
            "No compren las {p}, son malísimas",
        ),
    },
    "de": {
        "positive": (
            "Die {p} sind super bequem, ich bin begeistert",
            "{n} km mit den {p} und keine Blase, großartig",
            "Danke {b}, toller Service und schöner Schuh",
            "Bester Grip seit Jahren, die {p} machen richtig Freude",
            "Sehr zufrieden mit den {p}, klare Empfehlung",
        ),
        "neutral": (
            "Fallen die {p} eher klein oder groß aus?",
            "Heute {n} km mit den {p} im Wald",
            "{b} hat die {p} in {n} Farben",
            "Hat jemand die {p} schon auf Schotter getragen?",
        ),
        "negative": (
            "Die Sohle der {p} löst sich nach {n} Wochen, furchtbar",
            "{b} antwortet nicht, so ein schlechter Kundendienst",
            "Schmerzen an der Ferse, die {p} sind eine Enttäuschung",
            "Nie wieder {b}, die Qualität ist mies",
        ),
    },
    "fr": {
        "positive": (
            "Les {p} sont géniales, un vrai plaisir sur les sentiers",
            "{n} km avec les {p}, mes pieds disent merci",
            "Bravo {b}, superbe chaussure et service adorable",
            "Je suis ravie de mes {p}, je recommande",
        ),
        "neutral": (
            "Quelqu'un a essayé les {p} sur route ?",
            "Sortie de {n} km demain avec les {p}",
            "{b} propose les {p} en {n} couleurs",
            "Les {p} taillent comment chez vous ?",
        ),
        "negative": (
            "La semelle des {p} se décolle, quelle honte",
            "Très déçu par {b}, {n} semaines sans réponse",
            "Les {p} font mal aux pieds, je déteste",
            "Qualité horrible, évitez les {p}",
        ),
    },
    "pt": {
        "positive": (
            "Amei o {p}, muito confortável na trilha",
            "{n} km com o {p} e zero bolhas, maravilhoso",
            "Obrigada {b}, atendimento excelente",
            "Melhor tênis que já tive, recomendo o {p}",
        ),
        "neutral": (
            "Alguém já usou o {p} no asfalto?",
            "Amanhã tem treino de {n} km com o {p}",
            "O {p} vem em {n} cores",
            "A {b} abre a loja às {n}",
        ),
        "negative": (
            "A sola do {p} descolou em {n} semanas, péssimo",
            "Que decepção, {b}, ninguém responde",
            "O {p} machuca o pé, horrível",
            "Não comprem o {p}, é muito ruim",
        ),
    },
    "hi": {
        "positive": (
            "{p} बहुत आरामदायक हैं, मुझे बहुत पसंद आए",
            "{n} किलोमीटर दौड़ा, {p} शानदार हैं",
            "धन्यवाद {b}, बेहतरीन जूते",
        ),
        "neutral": (
            "क्या किसी ने {p} पहने हैं?",
            "कल {p} के साथ {n} किलोमीटर",
            "{b} की दुकान {n} बजे खुलती है",
        ),
        "negative": (
            "{p} का सोल {n} हफ्ते में निकल गया, बहुत खराब",
            "{b} की सेवा बेकार है, बहुत निराश हूँ",
            "{p} से पैर में दर्द हो गया",
        ),
    },
    "ar": {
        "positive": (
            "حذاء {p} مريح جدا وأنا سعيد به",
            "ركضت {n} كم مع {p}، تجربة رائعة",
            "شكرا {b} على الخدمة الممتازة",
        ),
        "neutral": (
            "هل جرب أحدكم {p} على الطريق؟",
            "غدا {n} كم مع {p}",
            "متجر {b} يفتح الساعة {n}",
        ),
        "negative": (
            "نعل {p} انفصل بعد {n} أسابيع، سيئ جدا",
            "خدمة {b} سيئة ولا أحد يرد",
            "حذاء {p} مؤلم وأنا محبط",
        ),
    },
    "ja": {
        "positive": (
            "{p}、軽くて最高に気持ちいい",
            "{p}で{n}キロ走った。足が楽で嬉しい",
            "{b}さんの対応が素晴らしかった、ありがとう",
            "山で{p}を履いたら本当に快適だった",
        ),
        "neutral": (
            "{p}のサイズ感を教えてください",
            "明日は{p}で{n}キロの予定",
            "{b}の店は{n}時に開く",
            "{p}は{n}色ある",
        ),
        "negative": (
            "{p}の底が{n}週間で剥がれた、最悪",
            "{b}から返事がない、残念すぎる",
            "{p}は足が痛い、買って後悔",
        ),
    },
}
