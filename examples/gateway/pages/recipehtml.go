package pages

func (d recipeData) body(s *sheet) {
	s.HTML(`<p><a href="/openvpn">Back to OpenVPN</a>`).If(d.Recipe != nil, ` · <a href="/openvpn/new">Another recipe</a>`).HTML(`</p>`)
	if d.Recipe != nil {
		d.questions(s)
		return
	}
	s.HTML(`<p>What is the tunnel for?</p>`)
	s.table("Recipe", "Makes a", "The other end takes")
	for _, r := range d.Recipes {
		s.HTML(`<tr><th scope="row"><a href="`).Text(recipePath(r.Name)).HTML(`">`).Text(r.Name).HTML(`</a></th><td>`).Text(r.Purpose).
			If(r.Legacy, ` (only for other ends that know nothing better)`).HTML(`</td>`)
		s.cells(r.Match)
		s.HTML(`</tr>`)
	}
	s.endTable()
}

// questions writes the form of a recipe.
func (d recipeData) questions(s *sheet) {
	s.HTML(`<h2>`).Text(d.Recipe.Name).HTML(`: `).Text(d.Recipe.Purpose).HTML(`</h2><p class="hint">The recipe for the other end is `).Text(d.Recipe.Match).HTML(`.</p>`).
		If(d.Recipe.Legacy, `<p class="notice warn">This form is for other ends that know nothing better: it has no forward secrecy, and OpenVPN 2.8 will not have it.</p>`)
	s.beginForm(d.Form)
	s.fields(d.Form.Basic)
	s.fields(d.Form.Extra)
	s.If(d.Makes, `<div class="field"><label class="box"><input type="checkbox" id="make" name="make" value="on" checked> Make the files that can be made here (certificates, keys)</label></div>`).
		HTML(`<p>`)
	s.saveButtons()
	s.HTML(`</p></form>`)
}
