package account

import "github.com/fieldgate/fieldgate/examples/gateway/markup"

// write writes the login page.
func (d loginData) write(w *markup.Writer) {
	w.HTML(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in · Gateway</title>
<link rel="icon" href="/static/icon.svg">
<link rel="stylesheet" href="/static/style.css">
</head>
<body>
<header><p class="brand">Gateway</p></header>
<main id="main">
<h1>Log in</h1>
`).Maybe(`<p class="notice warn" role="alert">`, d.Message, `</p>`).
		HTML(`
<form method="post" action="/login" class="record">
<input type="hidden" name="next" value="`).Text(d.Next).
		HTML(`">
<div class="field"><label for="user">User</label>
<input id="user" name="user" value="`).Text(d.User).
		HTML(`" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="32" required`).If(d.User == "", ` autofocus`).
		HTML(`></div>
<div class="field"><label for="password">Password</label>
<input type="password" id="password" name="password" autocomplete="current-password" required`).If(d.User != "", ` autofocus`).
		HTML(`></div>
<p><button class="first">Log in</button></p>
</form>
<p class="hint">The first start of the program prints the password of the user admin; that of a package does not. If there is none, or it is lost, the program makes a new one when it is called on the device with <code>-new-password admin</code> and its state folder.</p>
</main>
</body>
</html>
`)
}
