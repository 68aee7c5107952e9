// Every text of the page, in each of its languages. `{name}` stands for a field.

const CATALOGUE = {
  en: {
    file: "File", save: "Save", saveTitle: "Save the text as a .net file (Ctrl+S)",
    format: "Format", formatTitle: "Write the text in its canonical form", share: "Share",
    shareTitle: "Copy a link that holds this text", text: "The text of the net", mistakes: "Mistakes", completions: "What may stand here",
    picture: "Picture", table: "Table", training: "Train", less: "− close blocks", more: "+ open blocks",
    volumes: "Volumes", train: "Train", goOn: "Go on", pause: "Pause", step: "Step",
    stepTitle: "One epoch", reset: "Reset", rate: "Learning rate", batch: "Batch", curves: "Loss of training and test",
    planeTitle: "What each unit sees of the plane: point at one to see it large", wholeNet: "What the whole net makes of it", examples: "Examples",
    surface: "The plane as the net divides it", testPoints: "Show test points",
    drawTitle: "Draw, and see what each layer makes of it", padLabel: "A canvas to draw on, with a mouse, a pen or a finger; by keyboard, arrow keys move the pen, Space puts it down or lifts it, Delete clears",
    penDown: "The pen is down", penUp: "The pen is up", seeing: "What the net is", explanation: "Explanation",
    nothingToSay: "There is nothing to say of this place: F1 explains the word at the cursor.", others: "and {count} more",
    clear: "Clear", sample: "A test sample", chances: "Probabilities", newFile: "New…", untitled: "untitled",
    noMistakes: "No mistakes", counts: "Errors: {errors} · warnings: {warnings}", fix: "Fix", fixAll: "Fix all",
    unsafe: "changes what the net computes", line: "line {line}", tooLarge: "{boxes} boxes are too many to draw: close some blocks",
    cut: "Only the first {rows} lines are shown.",
    headings: "line,layer,output,parameters,multiply-adds", noData: "Add a line such as {example} to train the net here.",
    wrong: "A net with mistakes cannot be trained: mend them first.", idle: "ready", starting: "starting…",
    running: "epoch {epoch} · step {step} of {steps}", paused: "paused after epoch {epoch}, saved in {folder}",
    finished: "finished, saved in {folder}", failed: "failed",
    outdated: "The text has changed: what is shown here is the run of the text before. Train begins with this one, Reset shows it untrained.",
    outdatedRunning: "The text has changed: the run goes on with the text that it began with. Train begins with this one once it is paused.",
    trainLoss: "train loss", testLoss: "test loss",
    saved: "Saved as {file}", name: "Name of the file", copied: "The link is copied", link: "Copy this link:",
    lost: "The server does not answer. Start `netdsl play` again; the text stays here.",
    unsaved: "not saved", close: "Close",
    loading: "Loading…", notLoaded: "The page could not be loaded as a whole: {reason}",
    tooLong: "This text takes longer than {seconds} seconds to look at.",
    noServer: "Training needs a server: save this net, and type `netdsl play` in its folder, on a computer that netdsl is installed on.",
    noToken: "The link is not complete: open the one that `netdsl play` prints.",
  },
  zh: {
    file: "文件", save: "保存", saveTitle: "保存为 .net 文件（Ctrl+S）", format: "格式化", formatTitle: "写成规范格式",
    share: "分享", shareTitle: "复制包含全文的链接", text: "网络文本", mistakes: "错误", completions: "此处可写的内容", picture: "图", table: "表",
    training: "训练", less: "− 收起模块", more: "+ 展开模块", volumes: "立体", train: "训练", goOn: "继续", pause: "暂停",
    step: "单步", stepTitle: "一个轮次", reset: "重置", rate: "学习率", batch: "批大小", curves: "训练与测试损失",
    planeTitle: "每个单元眼中的平面：指向一个即可放大", wholeNet: "整个网络的划分", examples: "示例", surface: "网络对平面的划分", testPoints: "显示测试点",
    drawTitle: "画一个，看每一层怎样处理", padLabel: "可用鼠标、笔或手指绘画的画布；用键盘时，方向键移动画笔，空格落笔或提笔，Delete 清除", penDown: "已落笔", penUp: "已提笔",
    seeing: "网络的样子", explanation: "说明", nothingToSay: "此处没有可说明的内容：F1 说明光标处的词。", others: "还有 {count} 个", clear: "清除", sample: "测试样本",
    chances: "概率", newFile: "新建…", untitled: "未命名", noMistakes: "没有错误", counts: "{errors} 个错误，{warnings} 个警告",
    fix: "修复", fixAll: "全部修复", unsafe: "会改变网络的计算", line: "第 {line} 行",
    tooLarge: "{boxes} 个方框太多，无法绘制：请收起一些模块", cut: "只显示前 {rows} 行。", headings: "行,层,输出,参数,乘加",
    noData: "添加一行（如 {example}）即可在此训练。", wrong: "有错误的网络不能训练：请先修正。", idle: "就绪", starting: "启动中…",
    running: "第 {epoch} 轮 · 第 {step} 步，共 {steps} 步", paused: "第 {epoch} 轮后暂停，已保存到 {folder}", finished: "完成，已保存到 {folder}",
    failed: "失败",
    outdated: "文本已更改：这里显示的是旧文本的训练结果。“训练”从新文本开始，“重置”显示未训练的新网络。",
    outdatedRunning: "文本已更改：训练仍按开始时的文本进行。暂停后按“训练”即从新文本开始。",
    trainLoss: "训练损失", testLoss: "测试损失", saved: "已保存为 {file}", name: "文件名", copied: "链接已复制",
    link: "复制此链接：", lost: "服务器没有响应。请重新运行 `netdsl play`；文本仍保留在此。",
    unsaved: "未保存", close: "关闭",
    loading: "加载中…", notLoaded: "页面未能完整加载：{reason}",
    tooLong: "检查此文本超过了 {seconds} 秒。",
    noServer: "训练需要服务器：请保存此网络，再在装有 netdsl 的电脑上，在它所在的文件夹里运行 `netdsl play`。",
    noToken: "链接不完整：请打开 `netdsl play` 打印的链接。",
  },
};

let language = localStorage.getItem("language") || (navigator.language.startsWith("zh") ? "zh" : "en");

export function spoken() { return language; }

export function word(name, fields = {}) {
  const template = CATALOGUE[language][name] ?? CATALOGUE.en[name];
  return template.replace(/\{(\w+)\}/g, (_, field) => fields[field] ?? "");
}

export function showWords() {
  document.documentElement.lang = language;
  for (const one of document.querySelectorAll("[data-word]")) one.textContent = word(one.dataset.word);
  for (const one of document.querySelectorAll("[data-title]")) one.title = word(one.dataset.title);
  for (const one of document.querySelectorAll("[data-label]")) one.setAttribute("aria-label", word(one.dataset.label));
  const button = document.getElementById("language");
  button.textContent = language === "en" ? "中文" : "English";
  button.lang = language === "en" ? "zh" : "en";
}

export function switchLanguage() {
  language = language === "en" ? "zh" : "en";
  localStorage.setItem("language", language);
  showWords();
}
