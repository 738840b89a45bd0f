package charset

import (
	"strings"
	"testing"
)

// talks are the beginnings of talks that were not written for the models, in languages
// that between them use every legacy page.
var talks = map[string]string{
	"en":    "Good evening! I’m Zoë, and I’ve been asked to tell you how we moved “the big café” to £3 servers – it wasn’t pretty… You’ll laugh.",
	"fr":    "Mesdames et messieurs, nous sommes très heureux de vous présenter le résultat de nos recherches. Après deux années passées à étudier la mémoire, nous voilà enfin prêts. Il y a eu des échecs, évidemment, mais rien n’a été inutile. À présent, regardez ce schéma : les données arrivent par la gauche.",
	"es":    "Muchas gracias por la invitación. El próximo año celebraremos el décimo aniversario de nuestra organización. ¿Quién habría pensado que llegaríamos tan lejos? Mañana les enseñaré cómo funcionan las máquinas pequeñas.",
	"pt":    "Muito obrigado pela apresentação. Há dez anos, ninguém acreditava que fosse possível. Agora já são milhões de cidadãos que usam o serviço todas as manhãs. Não foi fácil, porém aprendemos lições.",
	"it":    "Grazie mille. La novità di quest’anno è che il progetto diventerà più grande. Perché? Lo scoprirete già martedì: ci sarà una dimostrazione, e chi vorrà potrà provare. È tutto.",
	"de":    "Vielen Dank für die Einladung. Letztes Jahr hätten wir das für unmöglich gehalten. Jetzt führen Schüler die Geräte selbst aus; größere Störungen gibt es kaum. Überraschend schön, nicht wahr?",
	"nl":    "Dank u wel voor deze introductie. Drieëndertig landen hebben de financiën geregeld. ‘Zoiets maakte ik nog nooit mee,’ zei één van de coördinatoren. Het idee is geniaal, de ideeën nog veel meer.",
	"sv":    "Tack så mycket för inbjudan. Förra året trodde vi att det här var omöjligt. Nu sköter eleverna själva apparaterna, och större störningar händer nästan aldrig. Överraskande, eller hur?",
	"da":    "Mange tak for indbydelsen. Sidste år troede vi, at det var umuligt. Nu styrer eleverne selv maskinerne, og større afbrydelser sker næsten aldrig. Overraskende, ikke også? På søndag åbner vi døren.",
	"fi":    "Kiitos paljon kutsusta. Viime vuonna pidimme tätä mahdottomana. Nyt oppilaat käyttävät laitteita itse, eikä häiriöitä enää esiinny. Yllättävää, eikö niin? Älkää siis pelätkö.",
	"is":    "Kærar þakkir fyrir boðið. Í fyrra héldum við að þetta væri ómögulegt. Núna stýra nemendurnir tækjunum sjálfir og truflanir verða varla nokkurn tíma. Óvænt, ekki satt?",
	"pl":    "Bardzo dziękuję za zaproszenie. W zeszłym roku sądziliśmy, że to niemożliwe. Teraz uczniowie sami obsługują urządzenia, a większe zakłócenia prawie się nie zdarzają. Zaskakujące, nieprawdaż? Śmiało, pytajcie.",
	"cs":    "Mockrát děkuji za pozvání. Vloni jsme si mysleli, že je to nemožné. Nyní žáci obsluhují přístroje sami a větší poruchy se téměř nevyskytují. Překvapivé, že? Řekněte svým přátelům.",
	"sk":    "Veľmi pekne ďakujem za pozvanie. Vlani sme si mysleli, že je to nemožné. Teraz žiaci obsluhujú prístroje sami a väčšie poruchy sa takmer nevyskytujú. Prekvapivé, však? Povedzte to svojim priateľom, ľudia ešte váhajú.",
	"hu":    "Nagyon köszönöm a meghívást. Tavaly még azt gondoltuk, hogy lehetetlen. Most a diákok maguk kezelik a gépeket, és nagyobb hiba szinte sosem fordul elő. Meglepő, ugye? Győződjenek meg róla, fűszeres történet.",
	"ro":    "Vă mulţumesc foarte mult pentru invitaţie. Anul trecut credeam că este imposibil. Acum elevii folosesc singuri aparatele şi aproape că nu există defecţiuni mai mari. Surprinzător, nu-i aşa? Încercaţi!",
	"hr":    "Mnogo hvala na pozivu. Lani smo mislili da je to nemoguće. Sada učenici sami upravljaju uređajima, a većih smetnji gotovo da i nema. Iznenađujuće, zar ne? Šaljite pitanja, žurimo kući.",
	"sl":    "Najlepša hvala za povabilo. Lani smo mislili, da je to nemogoče. Zdaj učenci sami upravljajo naprave, večjih motenj pa skoraj ni. Presenetljivo, kajne? Žal moramo kmalu končati.",
	"tr":    "Davetiniz için çok teşekkür ederim. Geçen yıl bunun imkânsız olduğunu düşünüyorduk. Artık öğrenciler cihazları kendileri kullanıyor ve büyük arızalar neredeyse hiç yaşanmıyor. Şaşırtıcı, değil mi? İşte böyle, sağ olun.",
	"et":    "Suur tänu kutse eest. Mullu pidasime seda võimatuks. Nüüd käsitsevad õpilased seadmeid ise ja suuremaid tõrkeid peaaegu ei esinegi. Üllatav, eks ole? Küsige julgelt.",
	"lv":    "Liels paldies par ielūgumu. Pērn mēs domājām, ka tas nav iespējams. Tagad skolēni paši apkalpo ierīces, un lielāku traucējumu gandrīz nav. Pārsteidzoši, vai ne? Jautājiet droši, šeit ir ļoti jauki.",
	"lt":    "Labai ačiū už kvietimą. Pernai manėme, kad tai neįmanoma. Dabar mokiniai patys valdo įrenginius, o didesnių sutrikimų beveik nepasitaiko. Netikėta, ar ne? Klauskite drąsiai, šiąnakt turime laiko.",
	"ru":    "Большое спасибо за приглашение. В прошлом году мы считали, что это невозможно. Теперь ученики сами управляют приборами, и крупных сбоев почти не бывает. Удивительно, правда?",
	"uk":    "Щиро дякую за запрошення. Торік ми вважали, що це неможливо. Тепер учні самі керують приладами, і великих збоїв майже не буває. Дивовижно, чи не так? Її підтримали всі.",
	"be":    "Шчыра дзякую за запрашэнне. Летась мы лічылі, што гэта немагчыма. Цяпер вучні самі кіруюць прыладамі, і вялікіх збояў амаль не бывае. Дзіўна, ці не праўда?",
	"bg":    "Много благодаря за поканата. Миналата година смятахме, че това е невъзможно. Сега учениците сами управляват уредите и големи повреди почти няма. Изненадващо, нали? Тъй че питайте.",
	"sr":    "Много хвала на позиву. Прошле године смо мислили да је то немогуће. Сада ученици сами управљају уређајима, а већих сметњи готово да и нема. Изненађујуће, зар не?",
	"mk":    "Многу благодарам за поканата. Лани мислевме дека тоа е невозможно. Сега учениците сами управуваат со уредите, а поголеми пречки речиси и нема. Изненадувачки, нели?",
	"el":    "Σας ευχαριστώ πολύ για την πρόσκληση. Πέρυσι πιστεύαμε ότι αυτό ήταν αδύνατο. Τώρα οι μαθητές χειρίζονται μόνοι τους τις συσκευές, και μεγάλες βλάβες σχεδόν δεν υπάρχουν. Άραγε, σας εκπλήσσει;",
	"he":    "תודה רבה על ההזמנה. בשנה שעברה חשבנו שזה בלתי אפשרי. עכשיו התלמידים מפעילים את המכשירים בעצמם, וכמעט שאין תקלות גדולות. מפתיע, נכון?",
	"ar":    "شكرا جزيلا على الدعوة. في العام الماضي كنا نظن أن هذا مستحيل. أما الآن فالطلاب يشغلون الأجهزة بأنفسهم، ولا تكاد تحدث أعطال كبيرة. أليس هذا مدهشا؟",
	"th":    "ขอบคุณมากสำหรับคำเชิญ ปีที่แล้วเราคิดว่ามันเป็นไปไม่ได้ ตอนนี้นักเรียนใช้เครื่องด้วยตัวเอง และแทบไม่มีปัญหาใหญ่เลย น่าแปลกใจใช่ไหม",
	"vi":    "Xin cảm ơn rất nhiều vì lời mời. Năm ngoái chúng tôi nghĩ rằng điều đó là không thể. Bây giờ học sinh tự điều khiển thiết bị, và hầu như không còn sự cố lớn nào. Thật bất ngờ, phải không?",
	"ko":    "초대해 주셔서 대단히 감사합니다. 작년만 해도 우리는 이것이 불가능하다고 생각했습니다. 이제 학생들이 직접 기계를 다루고, 큰 고장은 거의 없습니다. 놀랍지 않나요?",
	"ja":    "ご招待ありがとうございます。昨年、私たちはこれが不可能だと考えていました。いまでは生徒が自分で機械を動かし、大きな故障はほとんどありません。驚きでしょう？",
	"zh-CN": "非常感谢你们的邀请。去年我们还以为这是不可能的。现在学生们自己操作机器，几乎没有大的故障。很惊讶，对吧？",
	"zh-TW": "非常感謝你們的邀請。去年我們還以為這是不可能的。現在學生們自己操作機器，幾乎沒有大的故障。很驚訝，對吧？",
}

// asSRT lays a talk out as a subtitle file, one sentence a cue.
func asSRT(talk string) string {
	var b strings.Builder
	for i, s := range strings.SplitAfter(talk, ". ") {
		b.WriteString(strings.Repeat("1", i%3+1) + "\r\n00:00:0" + string(rune('0'+i%10)) + ",000 --> 00:00:09,500\r\n<i>" + strings.TrimSpace(s) + "</i>\r\n\r\n")
	}
	return b.String()
}

func TestDecode_TalksInEveryPage(t *testing.T) {
	t.Parallel()
	var known, unknown pageResults
	for tag, talk := range talks {
		for form, text := range map[string]string{"": talk, " in capitals": strings.ToUpper(talk)} {
			known.try(t, tag+form, asSRT(text), tag)
			unknown.try(t, tag+form, asSRT(text), "")
		}
	}
	known.reaches(t, "language known", 98)
	unknown.reaches(t, "language unknown", 95)
}
