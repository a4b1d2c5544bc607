#!/bin/sh
# Makes the sample recordings of the demo: a synthesizer's voice (espeak-ng) and a drawn face that breathes (ffmpeg). No person was recorded.
set -eu
cd "$(dirname "$0")"

say() { # name, voice, speed, text
  espeak-ng -v "$2" -s "$3" -w /tmp/say.wav "$4"
  ffmpeg -loglevel error -y -i /tmp/say.wav -ac 1 -c:a libopus -b:a 16k -application voip "$1.ogg"
}
say en-1 en-gb 150 "Hello, my name is Emma. I live by the river, and from my window I can see a bridge and two ducks."
say en-2 en-us+f3 145 "In the morning I wake up at seven, I make coffee, and then I look for my keys for ten minutes."
say en-3 en-gb+m3 150 "I would walk without a map. When I am tired, I would sit down and eat a sandwich."
say ru-1 ru 150 "Привет. Я живу в Тбилиси, и из окна видно гору и очень старый балкон."
say ru-2 ru+f2 145 "Утром я сначала ищу очки, потом варю кофе, а потом уже просыпаюсь."
say ru-3 ru+m2 150 "Из дома направо, мимо аптеки, потом через двор. Если видно собаку, значит, всё правильно."

note() { # name, background, face, voice
  ffmpeg -loglevel error -y -f lavfi -i "color=c=$2:s=240x240:r=12:d=5" -i "$4.ogg" -t 5 -vf \
"geq=r='if(lt(hypot(X-120,Y-(112+3*sin(2*PI*T/2.5))),58),$3,r(X,Y))':g='if(lt(hypot(X-120,Y-(112+3*sin(2*PI*T/2.5))),58),170,g(X,Y))':b='if(lt(hypot(X-120,Y-(112+3*sin(2*PI*T/2.5))),58),140,b(X,Y))',format=yuv420p" \
    -c:v libx264 -profile:v baseline -preset slow -crf 34 -c:a aac -b:a 24k -movflags +faststart "$1.mp4"
}
note note-1 0x2e7d5b 214 en-1
note note-2 0xd9c9a8 200 ru-1
rm -f /tmp/say.wav
