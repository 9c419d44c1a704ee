//! Scripts whose words are not parted by spaces, and the two scripts of Chinese.

use std::{collections::HashMap, sync::LazyLock};

/// How the words of a script are parted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    /// By spaces.
    Spaced,
    /// Not at all: Chinese characters.
    Han,
    /// Endings and particles of Japanese.
    Hiragana,
    /// Foreign words of Japanese.
    Katakana,
    /// Korean: by spaces, but particles follow a word without one.
    Hangul,
}

impl Script {
    /// The script of `c`, by the blocks of Unicode 16.
    pub fn of(c: char) -> Self {
        match c {
            '\u{1100}'..='\u{11ff}' | '\u{3131}'..='\u{318e}' | '\u{ac00}'..='\u{d7a3}' => Self::Hangul,
            '\u{3041}'..='\u{309f}' => Self::Hiragana,
            '\u{30a1}'..='\u{30fa}'
            | '\u{30fc}'..='\u{30ff}'
            | '\u{31f0}'..='\u{31ff}'
            | '\u{ff66}'..='\u{ff9d}' => Self::Katakana,
            '\u{3005}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}' => Self::Han,
            _ => Self::Spaced,
        }
    }

    /// The script of a folded word, by its first letter.
    pub fn of_word(word: &str) -> Self {
        word.chars().next().map_or(Self::Spaced, Self::of)
    }

    /// Whether a character of this script goes on with the word whose last one is of script `before`.
    pub fn runs_on_from(self, before: Self) -> bool {
        self == before && matches!(self, Self::Hiragana | Self::Katakana | Self::Hangul)
    }
}

/// Traditional characters of the vocabulary and of common words around it, and the simplified ones, in the same order.
/// From the Unihan database (Unicode 16, `kSimplifiedVariant`), chosen by hand in November 2026.
const TRADITIONAL: &str = "開啟啓線幣發經濟學質鎖倉現貨對約續槓桿領認資詢註冊記積獎勵將於佈計劃畫預遲暫終結關閉漲價駭擊詐騙監訴訟盤點顧\
    讀觀詳報麼為穩銘鏈遊戲測試網錢遷銷毀購創總應歸屬鯨魚聰賽競戰動區戶協議項專傳聞據潛擬參與號進業產態層級種檔單\
    雙個們這會後來時間東萬億車龍門頁請獲給權節運營達轉換賣買週內從實無還過邊適選當機場屆輪階調變處險額團隊備儲數\
    統體廣聯歐義韓國債證託稱該導訊貼標籤簽籌辦舉優贈禮紅紀錄歷條規則審獨滿強維護復補償賠燒減鑄歡擁賬帳聲違罰檢討\
    論評頻覽範圍絕僅讓幾樣類題問釋誰夠準確諾勢熱觸銀鑰隱鍵繼連擴圖餘幫樂極構橋殺沒灣爾狀環眾礦稅簡納純組細絡綁緊\
    編織繳職脫臺興舊莊華藍術製複視設許話說課談講謝識負財貢責貸費贏趨跡較載輕輸遠針鉅錯長閃陸際隨難電靈響頂順頭願\
    顯風飛馬驗懸紛轟搶憑兌釘綜嚴遞歲雲詞兩盡緩";
const SIMPLIFIED: &str = "开启启线币发经济学质锁仓现货对约续杠杆领认资询注册记积奖励将于布计划画预迟暂终结关闭涨价骇击诈骗监诉讼盘点顾\
    读观详报么为稳铭链游戏测试网钱迁销毁购创总应归属鲸鱼聪赛竞战动区户协议项专传闻据潜拟参与号进业产态层级种档单\
    双个们这会后来时间东万亿车龙门页请获给权节运营达转换卖买周内从实无还过边适选当机场届轮阶调变处险额团队备储数\
    统体广联欧义韩国债证托称该导讯贴标签签筹办举优赠礼红纪录历条规则审独满强维护复补偿赔烧减铸欢拥账账声违罚检讨\
    论评频览范围绝仅让几样类题问释谁够准确诺势热触银钥隐键继连扩图余帮乐极构桥杀没湾尔状环众矿税简纳纯组细络绑紧\
    编织缴职脱台兴旧庄华蓝术制复视设许话说课谈讲谢识负财贡责贷费赢趋迹较载轻输远针巨错长闪陆际随难电灵响顶顺头愿\
    显风飞马验悬纷轰抢凭兑钉综严递岁云词两尽缓";

static TO_SIMPLIFIED: LazyLock<HashMap<char, char>> =
    LazyLock::new(|| TRADITIONAL.chars().zip(SIMPLIFIED.chars()).collect());

/// The simplified form of a traditional Chinese character.
pub(super) fn simplified(c: char) -> char {
    TO_SIMPLIFIED.get(&c).copied().unwrap_or(c)
}
