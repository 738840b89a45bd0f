package conference

// SourceFile is the file that a track was handed in as, and what reading it remarked.
type SourceFile struct {
	SHA256      string      `json:"sha256"`   // of its bytes, which are kept as they came
	Size        int64       `json:"size"`     // bytes
	Format      string      `json:"format"`   // "srt", "vtt", "ass" …
	Encoding    string      `json:"encoding"` // "utf-8", "windows-1252" …
	Diagnostics Diagnostics `json:"diagnostics"`
}

// Diagnostics is what reading a file remarked.
type Diagnostics struct {
	Errors   int            `json:"errors"`   // what a viewer should see could not be taken over
	Warnings int            `json:"warnings"` // read as was probably meant
	Notes    int            `json:"notes"`    // put right, or without meaning to a viewer
	Codes    map[string]int `json:"codes"`    // how many there are of each kind
	List     []Diagnostic   `json:"list"`     // by line; of very many the gravest
}

// Diagnostic is what was found on one line of a file, and what was made of it.
type Diagnostic struct {
	Line     int    `json:"line"` // from 1
	Severity string `json:"severity"`
	Code     string `json:"code"`
	Message  string `json:"message"`
}
